"""Words the dynamic variables choose from."""

FIRST_NAMES = ("Ada", "Bo", "Chen", "Dora", "Emil", "Fang", "Grace", "Hao", "Ines", "Jun", "Karl", "Lan", "Mei", "Nils")
LAST_NAMES = ("Abel", "Bauer", "Cao", "Diaz", "Eriksen", "Feng", "Green", "Huang", "Ito", "Jones", "Kaya", "Li", "Moss")
JOB_TITLES = ("Engineer", "Analyst", "Designer", "Teacher", "Nurse", "Editor", "Planner", "Technician")
COMPANIES = ("Northwind", "Blue River", "Oakfield", "Silver Line", "Red Kite", "Greenhouse", "Old Harbour")
SUFFIXES = ("Ltd", "Inc", "Group", "and Sons", "LLC")
CITIES = ("Shenzhen", "Bergen", "Porto", "Leeds", "Osaka", "Kazan", "Quito", "Hanoi", "Lyon", "Perth")
STREETS = ("Mill Lane", "High Street", "Station Road", "Park Avenue", "Lake View", "Harbour Street")
COUNTRIES = (("China", "CN"), ("Norway", "NO"), ("Portugal", "PT"), ("Japan", "JP"), ("Kenya", "KE"), ("Peru", "PE"))
COLORS = ("red", "green", "blue", "black", "white", "orange", "purple", "teal", "grey", "yellow")
PRODUCTS = ("Chair", "Lamp", "Kettle", "Bicycle", "Notebook", "Backpack", "Keyboard", "Blanket")
MATERIALS = ("Wooden", "Steel", "Cotton", "Glass", "Paper", "Rubber", "Granite")
WORDS = (
    "river",
    "cloud",
    "stone",
    "paper",
    "light",
    "garden",
    "window",
    "signal",
    "bridge",
    "market",
    "engine",
    "salt",
)
LOREM = ("lorem", "ipsum", "dolor", "sit", "amet", "consectetur", "adipiscing", "elit", "sed", "do", "tempor", "magna")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
LOCALES = ("en", "zh", "ja", "de", "fr", "es", "pt", "ru", "ko", "it")
CURRENCIES = ("CNY", "USD", "EUR", "JPY", "GBP", "CHF")
FILE_KINDS = (("txt", "text/plain"), ("json", "application/json"), ("png", "image/png"), ("pdf", "application/pdf"))
USER_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
)
