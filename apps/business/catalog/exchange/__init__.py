"""The catalogue as a CSV file, and back.

columns    what a file may hold, in words
cells      how categories, options and prices stand in one cell
exporting  the products as a file, piece by piece
reader     a file as lines, and what cannot be read of it
planning   what would become of each line, without doing it
applying   a line, done by the ordinary commands in one transaction
importing  all of a file: looked at only, or applied; safe to run twice and to be killed at any point
report     what is told at the end, and the refused lines as a file that can be mended and sent again
requesting have a file imported by a job
"""
