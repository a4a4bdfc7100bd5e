"""What the venue says when it refuses: its codes come at any status, mostly at 200."""

from tests.emulators.exchange.refusals import Reason, Said

WORDS: dict[Reason, Said] = {
    Reason.BANNED: Said(429, "1015", "You are being rate limited."),
    Reason.CLOSED: Said(200, "400600", "validation.createOrder.symbolNotAvailable"),
    Reason.DUPLICATE: Said(200, "400100", "clientOid duplicate"),
    Reason.FAILED: Said(500, "500000", "Internal Server Error"),
    Reason.GONE: Said(200, "400100", "order_not_exist_or_not_allow_to_cancel"),
    Reason.INSUFFICIENT: Said(200, "200004", "Balance insufficient!"),
    Reason.LOT: Said(200, "600100", "Order size increment invalid."),
    Reason.MALFORMED: Said(400, "400100"),
    Reason.NOTIONAL: Said(200, "600101", "The order funds should more then 0.5 USDT."),
    Reason.NO_SUCH_ORDER: Said(200, "400100", "order not exist."),
    Reason.NO_SUCH_PATH: Said(404, "404000", "Url Not Found"),
    Reason.OUTCOME_UNKNOWN: Said(504, "408000", "Network timeout, please try again later"),
    Reason.OVERLOADED: Said(503, "500000", "The system is busy, please try again later."),
    Reason.RATE_LIMITED: Said(429, "429000", "Too many requests. System-level rate limit exceeded."),
    Reason.TICK: Said(200, "400100", "Price increment invalid."),
    Reason.TOO_FAR: Said(200, "400370", "Max. price: 1.00000000"),
    Reason.TOO_MANY: Said(200, "400100", "Exceeded the max. number of orders."),
    Reason.UNAUTHORIZED: Said(401, "400003", "KC-API-KEY not exists"),
    Reason.UNKNOWN_SYMBOL: Said(200, "900001", "symbol not exists"),
}

MISSING = Said(401, "400001", "Please check the header of your request for KC-API-KEY, KC-API-SIGN.")
TIMESTAMP = Said(401, "400002", "KC-API-TIMESTAMP Invalid")
UNKNOWN_KEY = WORDS[Reason.UNAUTHORIZED]
PASSPHRASE = Said(401, "400004", "Invalid KC-API-PASSPHRASE")
SIGNATURE = Said(401, "400005", "Invalid KC-API-SIGN")
ADDRESS = Said(401, "400006", "The requested ip address is not in the api whitelist")
RIGHTS = Said(403, "400007", "Access denied--> Require more permission.")
