"""Imports invoice files through the ordinary commands.

reader    the file: its columns, its lines as values, what is wrong with a line, its own total
classify  what a line is: something sold, something credited, a stock adjustment, or a reason to reject it
invoices  the lines of one invoice together, in the order of time
people    the customers and products that a file names, made where they are missing
opening   how much of each product must have been there before
matching  which purchase a credited line gives back
booking   invoices, one or some in one transaction, and the memory of their lines
documents the orders and returns that they become, each with its money, its parcel and its paper
ledger    that memory: what became of each line
importing all of it, resumable at any point
books     what they came to in orders, ledger and papers
report    what is told at the end, and whether it balances

uploads    files that were sent, until they are imported
requesting have such a file imported by a job
"""
