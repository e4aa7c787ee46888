"""Has a model of your own skill?"""
