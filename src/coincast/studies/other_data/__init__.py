"""Do other markets, attention or sentiment help?"""
