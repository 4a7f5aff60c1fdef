"""Scripts: what characters say, how, and what stands around it, from five ways of writing it."""
