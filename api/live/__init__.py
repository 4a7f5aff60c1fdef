"""Text that comes piece by piece, from a language model say, and is spoken as it comes."""
