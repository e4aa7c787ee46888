"""Which id at CoinMarketCap a coin has. Symbols are used twice and change, ids and slugs do not."""

import difflib
from dataclasses import dataclass

from coincast.errors import InputError, PriceError
from coincast.prices.parsing.answers import brief, member, parse_json
from coincast.prices.sources.request import Request
from coincast.prices.web.client import OfflineError

__all__ = ["Coin", "check_status", "find_coin"]

PAGE = 1000  # coins a page of the listing
MOST_PAGES = 20


@dataclass(frozen=True)
class Coin:
    """A coin as CoinMarketCap knows it."""

    id: int
    slug: str
    symbols: tuple[str, ...]  # what its answers may call it


# Saves these coins the listing; answers about them are checked like all others.
KNOWN = {
    coin.slug: coin
    for coin in (
        Coin(1, "bitcoin", ("BTC",)),
        Coin(2, "litecoin", ("LTC",)),
        Coin(52, "xrp", ("XRP",)),
        Coin(74, "dogecoin", ("DOGE",)),
        Coin(1027, "ethereum", ("ETH",)),
        Coin(1765, "eos", ("EOS", "A")),  # renamed in 2025
        Coin(1839, "bnb", ("BNB",)),
    )
}


def find_coin(request: Request, base: str) -> Coin:
    """Return the coin that has the slug asked for, by the listing unless it is well known.

    Args:
        request: its coin is the slug.
        base: address of the interface, to which "/listing" is added.

    Raises:
        InputError: no coin of the listing has the slug.
        OfflineError: the listing is needed and not in the cache.
        PriceError: the listing cannot be read, or several coins have the slug.
    """
    if request.coin in KNOWN:
        return KNOWN[request.coin]
    slugs: set[str] = set()
    for page in range(MOST_PAGES):
        url = f"{base}/listing?start={page * PAGE + 1}&limit={PAGE}"
        try:
            coins = request.client.read(url, parse_listing, "json")
        except OfflineError as error:
            raise OfflineError(
                f"all days of {request.coin} are missing: the listing that tells its id is not in "
                "the cache; run once without --offline"
            ) from error
        if request.coin in coins:
            return coins[request.coin]
        if len(coins) < PAGE or slugs >= coins.keys():  # the last page, or the same once more
            slugs |= coins.keys()
            break
        slugs |= coins.keys()
    near = difflib.get_close_matches(request.coin, slugs, n=1, cutoff=0.75)
    raise InputError(
        f"coin {request.coin!r} is none of the {len(slugs)} coins that CoinMarketCap lists; "
        + (f"did you mean {near[0]!r}?" if near else "check its slug, or --refresh if it is new")
    )


def parse_listing(body: bytes) -> dict[str, Coin]:
    """Return the coins of a page of the listing, by slug.

    Raises:
        PriceError: an error instead of a page, or two coins with one slug.
    """
    place = "the listing of coins"
    answer = parse_json(body, place)
    check_status(answer, place)
    entries = member(member(answer, "data", dict, place), "cryptoCurrencyList", list, place)
    coins: dict[str, Coin] = {}
    for entry in entries:
        slug, symbol = (member(entry, name, str, place) for name in ("slug", "symbol"))
        coin = Coin(member(entry, "id", int, place), slug, (symbol,))
        if coins.setdefault(slug, coin) != coin:
            raise PriceError(
                f"{place} has two coins with the slug {brief(slug)} (ids {coins[slug].id} and "
                f"{coin.id}); use another source"
            )
    return coins


def check_status(answer: object, place: str) -> None:
    """Pass an answer that is no error.

    Raises:
        PriceError: naming the code and what CoinMarketCap says of it.
    """
    status = answer.get("status") if isinstance(answer, dict) else None
    if not isinstance(status, dict):
        return  # what follows finds that the answer holds nothing
    code = status.get("error_code", 0)
    if str(code) != "0":
        raise PriceError(
            f"{place} is CoinMarketCap's error {brief(code)}: "
            f"{brief(status.get('error_message'))}; try later or ask for less"
        )
