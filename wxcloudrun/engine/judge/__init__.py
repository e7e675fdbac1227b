"""Reading a response and judging it: extractions, assertions, filters, comparators, expressions."""
