"""Mechanisms: one file or package per mechanism, numbers in, numbers out."""
