"""Samtycke: the frozen text, who signed it how, the evidence, and taking it back."""
