"""The documents, followed literally: commands run and print what is shown, both languages agree."""
