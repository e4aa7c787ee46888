"""CoinMarketCap's id of a coin. Symbols are shared and change; ids and slugs do not."""

from dataclasses import dataclass

from coincast.errors import InputError, PriceError, did_you_mean, shown
from coincast.prices.parsing.untrusted_json import member, parse_json
from coincast.prices.web.client import Client

__all__ = ["Coin", "check_status", "find_coin", "parse_listing"]

PAGE_COINS = 1000  # per page of the listing
MAX_PAGES = 20


@dataclass(frozen=True)
class Coin:
    """A coin as CoinMarketCap knows it."""

    id: int
    slug: str
    symbols: tuple[str, ...]  # what answers may call it


# These coins need no listing; answers about them are checked like all others.
KNOWN = {
    "bitcoin": Coin(1, "bitcoin", ("BTC",)),
    "litecoin": Coin(2, "litecoin", ("LTC",)),
    "xrp": Coin(52, "xrp", ("XRP",)),
    "dogecoin": Coin(74, "dogecoin", ("DOGE",)),
    "ethereum": Coin(1027, "ethereum", ("ETH",)),
    "eos": Coin(1765, "eos", ("EOS", "A")),  # renamed in 2025
    "bnb": Coin(1839, "bnb", ("BNB",)),
}


def find_coin(slug: str, client: Client, base: str) -> Coin:
    """The coin with a slug, from the listing unless it is well known.

    Args:
        slug: CoinMarketCap's name of the coin in addresses.
        client: what to fetch the listing with.
        base: address of the interface, to which "/listing" is added.

    Raises:
        InputError: no coin in the listing has the slug.
        OfflineError: the listing is needed and not in the cache.
        PriceError: the listing cannot be read, or two coins have one slug.
    """
    if slug in KNOWN:
        return KNOWN[slug]
    seen: set[str] = set()
    for page in range(MAX_PAGES):
        url = f"{base}/listing?start={page * PAGE_COINS + 1}&limit={PAGE_COINS}"
        coins = client.read(url, parse_listing)
        if slug in coins:
            return coins[slug]
        seen |= coins.keys()
        if len(coins) < PAGE_COINS:
            break
    raise InputError(
        f"coin {slug!r} is not among the {len(seen)} coins that CoinMarketCap lists; "
        f"{did_you_mean(slug, seen)}check its slug, or use --refresh if the coin is new"
    )


def parse_listing(body: bytes) -> dict[str, Coin]:
    """The coins on a page of the listing, by slug.

    Raises:
        PriceError: it is an error instead of a page, or two coins have one slug.
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
                f"{place} has two coins with the slug {shown(slug)} (ids {coins[slug].id} and "
                f"{coin.id}); use another source"
            )
    return coins


def check_status(answer: object, place: str) -> None:
    """Accept an answer that does not report an error.

    Raises:
        PriceError: it does; the message gives the code and CoinMarketCap's own words.
    """
    status = answer.get("status") if isinstance(answer, dict) else None
    if not isinstance(status, dict):
        return  # whoever reads on finds that the answer holds nothing
    code = status.get("error_code", 0)
    if str(code) != "0":
        raise PriceError(
            f"{place} is CoinMarketCap's error {shown(code)}: "
            f"{shown(status.get('error_message'))}; try later or ask for less"
        )
