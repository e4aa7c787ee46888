"""Does any skill hold through time, coins and regimes?"""
