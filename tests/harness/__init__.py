"""What the tests of numbers share: landing of hand-written exports, and replay of what dbt compiled."""
