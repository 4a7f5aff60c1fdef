"""Text before it is spoken: cleaning, splitting, estimating."""
