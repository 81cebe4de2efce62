"""A small web shop that tells Segment what its visitors do: the program under test of these recipes."""

import os

from segment.analytics import Client

LAMP = {"sku": "SKU-1", "product_id": "P-1", "name": "Lamp", "price": 30.0, "url": "https://shop.test/lamp"}


class Shop:
    """A shop; `write_key` and `host` are its Segment source's."""

    def __init__(self, write_key: str, host: str) -> None:
        self.segment = Client(write_key, host=host, sync_mode=True)

    def view(self, visitor: str, product: dict) -> None:
        """A visitor, whom nobody knows yet, looks at a product."""
        self.segment.track(anonymous_id=visitor, event="Product Viewed", properties=product)

    def sign_in(self, visitor: str, user: str, email: str) -> None:
        """The visitor signs in."""
        self.segment.track(anonymous_id=visitor, event="Signed In", properties={"method": "password"})
        self.segment.identify(user, anonymous_id=visitor, traits={"email": email}, integrations={"Inkit": False})

    def order(self, user: str, number: str, products: list[dict]) -> None:
        """The user buys."""
        total = sum(product["price"] for product in products)
        properties = {"order_id": number, "total": total, "currency": "EUR", "products": products}
        self.segment.track(user, "Order Completed", properties)

    def send_invoice(self, user: str, number: str, name: tuple[str, str], amount: float) -> None:
        """The user is sent an invoice."""
        traits = {"first_name": name[0], "last_name": name[1], "invoice_number": number, "amount_due": f"{amount:.2f}"}
        self.segment.identify(user, traits={"template_id": "tmpl_demoInvoice", **traits})


def an_evening(shop: Shop) -> None:
    """One visitor comes, signs in, buys a lamp and is sent the invoice."""
    shop.view("visitor-1", LAMP)
    shop.sign_in("visitor-1", "user-1", "ana@shop.test")
    shop.order("user-1", "order-1", [LAMP])
    shop.send_invoice("user-1", "order-1", ("Ana", "Lima"), LAMP["price"])


if __name__ == "__main__":
    an_evening(Shop(os.environ["INKSTAND_WRITE_KEY"], os.environ["INKSTAND_URL"]))
