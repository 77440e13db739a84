"""Stegvis: one hosted service that samordningsförbund share, where every insats is a plugin."""
