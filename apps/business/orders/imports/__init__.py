"""Imports invoice files through the ordinary commands.

reader    the file: its columns, its lines as values, what is wrong with a line, its own total
classify  what a line is: something sold, something credited, a stock adjustment, or a reason to reject it
invoices  the lines of one invoice together, in the order of time
people    the customers and products that a file names, made where they are missing
opening   how much of each product must have been there before
matching  which purchase a credited line gives back
booking   one invoice, one transaction: its orders, returns, stock, events and the memory of its lines
ledger    that memory: what became of each line
importing all of it, resumable at any point
report    what is told at the end, and whether it balances

uploads    files that were sent, until they are imported
requesting have such a file imported by a job
"""
