"""From the files that people drop to rows that land: sources, decoders, layouts (docs/decisions/0050)."""
