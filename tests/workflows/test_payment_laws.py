"""Whatever is told of payments, in any order: an account has each once, less what went back."""

import itertools
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.storage.engine import Database
from callrouter.adapters.storage.ledger import read_balance
from callrouter.adapters.storage.payments import lock_payment, note_return
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.payment import Owner, Payment, PaymentSource, Unowned
from callrouter.domain.errors import CallrouterError
from callrouter.workflows.assign_payment import assign_payment, dismiss_payment
from callrouter.workflows.book_payment import book_payment
from callrouter.workflows.post_payment import settle_returns
from callrouter.workflows.reverse_payment import reverse_payment
from tests.accounts import allocation, charge, entries
from tests.adapters.storage.builders import unhurried
from tests.switchboards import SELLER, T0, open_seller

CENT = 10_000
CHARGED = 1_000_000 * CENT
STRIPE = PaymentSource.STRIPE
_examples = itertools.count()


@dataclass(frozen=True)
class Tell:
    payment: int
    owner: int | None


@dataclass(frozen=True)
class Assign:
    payment: int
    owner: int


@dataclass(frozen=True)
class Reverse:
    payment: int


@dataclass(frozen=True)
class Dismiss:
    payment: int


@dataclass(frozen=True)
class Return:
    """So much in all was given back, by one refund or another."""

    payment: int
    refund: str
    cents: int


Action = Tell | Assign | Reverse | Dismiss | Return


@dataclass
class Model:
    """What the rules say: whose each payment is (None: nobody's), and what went back of it."""

    owners: dict[int, int | None] = field(default_factory=dict)
    unmatched: set[int] = field(default_factory=set)
    returned: dict[tuple[int, str], int] = field(default_factory=dict)

    def left(self, payment: int) -> int:
        went = sum(cents for (of, _), cents in self.returned.items() if of == payment)
        return max(amount(payment) - went, 0)

    def do(self, action: Action) -> bool:
        """Whether the action is allowed."""
        payment = action.payment
        owner = self.owners.get(payment)
        match action:
            case Tell(_, told):
                self._tell(payment, told)
            case Assign(_, told):
                if payment not in self.owners or owner not in (None, told):
                    return False
                self._give(payment, told)
            case Reverse():
                if owner is None or not self.left(payment):
                    return False
                self.owners[payment] = None
            case Dismiss():
                if payment not in self.owners or owner is not None:
                    return False
                self.unmatched.discard(payment)
            case Return(_, refund, cents):
                before = self.returned.get((payment, refund), 0)
                self.returned[payment, refund] = max(before, cents)
        return True

    def _tell(self, payment: int, owner: int | None) -> None:
        if payment not in self.owners:
            self.owners[payment] = None
            self.unmatched.add(payment)
        if payment in self.unmatched and owner is not None:
            self._give(payment, owner)

    def _give(self, payment: int, owner: int) -> None:
        self.owners[payment] = owner
        self.unmatched.discard(payment)

    def balance(self, owner: int) -> int:
        mine = [payment for payment, of in self.owners.items() if of == owner]
        return CHARGED - CENT * sum(self.left(payment) for payment in mine)


def amount(payment: int) -> int:
    return 100 * (payment + 1)


@dataclass(frozen=True)
class Desk:
    """Does the actions, for two buyers of their own."""

    database: Database
    example: int

    def party(self, owner: int) -> Party:
        return Party(Side.BUYER, f"buyer-{self.example}-{owner}")

    def name(self, payment: int) -> str:
        return f"pi_{self.example}_{payment}"

    def do(self, action: Action) -> bool:
        """Whether it wasn't refused."""
        try:
            self._do(action)
        except CallrouterError:
            return False
        return True

    def _do(self, action: Action) -> None:
        seller_id, name = SELLER.seller_id, f"stripe:{self.name(action.payment)}"
        match action:
            case Tell(payment, owner):
                told = Unowned("?") if owner is None else Owner(self.party(owner))
                with self.database.write() as connection:
                    book_payment(connection, seller_id, self._payment(payment), told, "stripe", T0)
            case Assign(_, owner):
                assign_payment(self.database, seller_id, name, Owner(self.party(owner)), "ann", T0)
            case Reverse():
                reverse_payment(self.database, seller_id, name, "a mistake", "ann", T0)
            case Dismiss():
                dismiss_payment(self.database, seller_id, name, "nobody's", "ann", T0)
            case Return(payment, refund, cents):
                with self.database.write() as connection:
                    key = (seller_id, STRIPE, self.name(payment))
                    note_return(connection, *key, refund, cents * CENT, "USD", T0)
                    kept = lock_payment(connection, *key)
                    if kept is not None:
                        settle_returns(connection, seller_id, kept, "stripe", T0)

    def _payment(self, payment: int) -> Payment:
        return Payment(
            source=STRIPE,
            payment_id=self.name(payment),
            amount_micros=amount(payment) * CENT,
            currency="USD",
            paid_at=T0,
        )


payments, owners = st.integers(0, 1), st.integers(0, 1)
actions = st.one_of(
    st.builds(Tell, payments, st.none() | owners),
    st.builds(Assign, payments, owners),
    st.builds(Reverse, payments),
    st.builds(Dismiss, payments),
    st.builds(Return, payments, st.sampled_from(["ch_1", "dp_1"]), st.integers(1, 150)),
)


@settings(unhurried, max_examples=15)
@given(told=st.lists(actions, min_size=5, max_size=20))
def test_an_account_has_each_payment_once_less_what_went_back(
    database: Database, told: list[Action]
) -> None:
    example = next(_examples)
    if example == 0 or not _is_open(database):
        open_seller(database)
    desk, model = Desk(database, example), Model()
    for owner in (0, 1):
        charge(database, f"a call of {example}", CHARGED, desk.party(owner))

    for action in told:
        assert desk.do(action) is model.do(action), action
        for owner in (0, 1):
            check(database, desk.party(owner), model.balance(owner))


def check(database: Database, party: Party, expected: int) -> None:
    """The balance is what the rules say and the sum of the entries, and nothing gets lost."""
    with database.read() as connection:
        balance = read_balance(connection, SELLER.seller_id, party, "USD")
    paid = sum(entry.amount_micros for entry in entries(database, party))
    assert balance == CHARGED + paid == expected
    assert allocation(database, party).credit_micros == CHARGED - balance


def _is_open(database: Database) -> bool:
    with database.read() as connection:
        return bool(connection.exec_driver_sql("SELECT 1 FROM sellers").all())
