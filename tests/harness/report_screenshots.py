"""Screenshots of report and explorer for docs: ``python -m harness.report_screenshots target/report``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

TO = Path("docs/screenshots")
# name (the page, then what it shows), width, height, scheme, what is at the top, English
SHOTS = (
    ("report-scorecard", 1280, 1100, "light", "header", False),
    ("report-changes", 1280, 1100, "light", "#changes", False),
    ("report-cohorts", 1280, 1000, "light", "#retention", False),
    ("report-hours", 1280, 1000, "light", "#hours", True),
    ("report-dark", 1280, 1000, "dark", "#quadrant", False),
    ("report-phone", 390, 844, "light", "#stage-acquisition", False),
    ("explorer-desktop", 1440, 1000, "light", "#m=leave_rate&grain=month&by=community__community_type", False),
    ("explorer-dark", 1440, 1000, "dark", "#m=membership_retention_rate_d7&grain=month&by=all", False),
    ("explorer-phone", 390, 844, "light", "#m=interaction_rate&grain=month&by=all", False),
)


def main(folder: Path) -> None:
    """Take all of them; with pngquant on the machine they shrink to a third."""
    TO.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, width, height, scheme, top, english in SHOTS:
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
            )
            page = context.new_page()
            address = (folder / f"{name.partition('-')[0]}.html").resolve().as_uri()
            page.goto(address + top if "=" in top else address)
            if english:
                page.click("[data-set-lang=en]")
            if "=" not in top:
                page.evaluate("(s) => document.querySelector(s).scrollIntoView()", top)
            path = TO / f"{name}.png"
            page.screenshot(path=path)
            if quant := shutil.which("pngquant"):
                subprocess.run([quant, "--force", "--strip", "--output", path, path], check=True)
            print(path, path.stat().st_size)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
