"""Tables, vectors and comparisons for the reader of ASTERIX, all by others: libasterix and asterix_decoder.

    asterix_vectors.py tables FOLDER            the tables of the editions, from those of libasterix
    asterix_vectors.py vectors FOLDER           blocks that libasterix encodes, with the fields that it decodes
    asterix_vectors.py compare FILE < FIELDS    what `asterix_fields FILE` printed against libasterix
    asterix_vectors.py decoder FILE < FIELDS    the same against asterix_decoder
    asterix_vectors.py speed FILE               octets a second of asterix_decoder

`scripts/asterix-vectors` makes the environments (both packages go by the name `asterix`) and runs all of it.
"""

import json
import random
import sys
import time
from fractions import Fraction
from pathlib import Path

EDITIONS = {
    1: ["1.4"], 2: ["1.2"], 10: ["1.1"], 19: ["1.3"], 20: ["1.11"], 21: ["0.23", "0.26", "2.1", "2.7"], 23: ["1.3"],
    34: ["1.29"], 48: ["1.32"], 62: ["1.21"], 63: ["1.7"], 65: ["1.6"],
}  # fmt: skip
# Steps that libasterix has four times too small; asterix_decoder and recordings of multilateration, whose item 200 says the
# same speed another way, have these.
CORRECTED = {(10, "202"): 4, (10, "210"): 4}
UNITS = {"°": "deg", "°/s": "deg/s", "°C": "C", "m/s²": "m/s2", "mb": "mbar", "mach": "Mach"}


def editions():
    from asterix import generated

    for category, names in EDITIONS.items():
        for name in names:
            yield category, name, getattr(generated, f"Cat_{category:03}_{name.replace('.', '_')}")


# Tables.


def number(step):
    exact = Fraction(step)
    short = repr(step).rstrip("0").rstrip(".") if "." in repr(step) else repr(step)
    if len(short) <= 6 or exact.denominator & (exact.denominator - 1):
        return short
    return f"{exact.numerator}/{exact.denominator}"


def content(rule):
    from asterix import base

    if issubclass(rule, base.RuleContentDependent):
        return "u"
    kind = rule.cv_content
    if issubclass(kind, base.ContentQuantity):
        sign = "s" if kind.cv_signedness is base.Signed else ""
        return f"{sign}*{number(kind.cv_lsb)}{UNITS.get(kind.cv_unit, kind.cv_unit)}"
    if issubclass(kind, base.ContentInteger):
        return "s" if kind.cv_signedness is base.Signed else ""
    if issubclass(kind, base.ContentString):
        return {"StringICAO": "i", "StringAscii": "a", "StringOctal": "o"}[kind.cv_string_type.__name__]
    return ""


def variation(rule):
    from asterix import base

    return rule.cv_default_variation if issubclass(rule, base.RuleVariationDependent) else rule.cv_variation


def words(item, prefix=""):
    from asterix import base

    if issubclass(item, base.Spare):
        return [f"-:{item.cv_bit_size}"]
    name, inner = prefix + item.cv_non_spare.cv_name, variation(item.cv_non_spare.cv_rule)
    if issubclass(inner, base.Element):
        return [f"{name}:{inner.cv_bit_size}{content(inner.cv_rule)}"]
    return [word for part, _ in inner.cv_items_list for word in words(part, name + ".")]


def body(kind):
    from asterix import base

    if issubclass(kind, base.Element):
        return [f"VAL:{kind.cv_bit_size}{content(kind.cv_rule)}"]
    return [word for part, _ in kind.cv_items_list for word in words(part)]


def lines(path, rule):
    from asterix import base

    kind = variation(rule)
    if issubclass(kind, base.Explicit):
        return [f"{path} explicit"]
    if issubclass(kind, base.Extended):
        parts = [part for group in kind.cv_items_list for part in group]
        return [" ".join([path, "extended", *(word for part in parts for word in (words(part[0]) if part else ["|"]))])]
    if issubclass(kind, base.Repetitive):
        count = "fx" if kind.cv_rep_bytes is None else kind.cv_rep_bytes
        return [" ".join([path, f"repeated-{count}", *body(kind.cv_variation)])]
    if issubclass(kind, base.Compound):
        names = [part.cv_name if part else "-" for part in kind.cv_items_list]
        rest = [line for part in kind.cv_items_list if part for line in lines(f"{path}/{part.cv_name}", part.cv_rule)]
        return [" ".join([path, "compound", *names]), *rest]
    return [" ".join([path, "fixed", *body(kind)])]


def slot(item):
    from asterix import base

    if issubclass(item, base.UapItemSpare):
        return "-"
    return "RFS" if issubclass(item, base.UapItemRFS) else item.cv_non_spare.cv_name


def profiles(spec):
    from asterix import base

    if issubclass(spec.cv_uap, base.UapMultiple):
        path, cases = spec.cv_uap.cv_selector
        value = {name: case for case, name in cases.items()}
        return [(f"{'/'.join(path)}={value[name]} ", value[name], record) for name, record in spec.cv_uap.cv_uaps.items()]
    return [("", None, spec.cv_uap.cv_record)]


def corrected(category, line):
    times = CORRECTED.get((category, line.split()[0]))
    return line if times is None else line.replace("*0.0625", f"*{0.0625 * times}")


def table(category, name, spec):
    text, items = [f"category {category}", f"edition {name}"], {}
    for case, _, record in profiles(spec):
        text.append(f"uap {case}{' '.join(slot(item) for item in record.cv_items_list)}")
        items |= record.cv_items_dict
    for item in sorted(items, key=lambda name: (not name.isdigit(), name)):
        text += [corrected(category, line) for line in lines(item, items[item].cv_rule)]
    return "\n".join(text) + "\n"


def tables(folder):
    for category, name, spec in editions():
        (folder / f"cat{category:03}_{name.replace('.', '_')}.txt").write_text(table(category, name, spec))


# Fields of a record, as libasterix decodes them: path, bits, and the quantity or the text that they stand for.


def leaf(path, element):
    from asterix import base

    rule = element.cv_rule
    value = None
    if not issubclass(rule, base.RuleContentDependent):
        kind = element._get_rule()._get_content()
        if isinstance(kind, base.ContentQuantity):
            value = kind._as_quantity()
        elif isinstance(kind, base.ContentString):
            value = kind.as_string()
    return (path, element.as_uint(), value)


def parts(prefix, items):
    from asterix import base

    for item in items:
        if item is None or isinstance(item, base.Spare):
            continue
        name, inner = prefix + item.arg.cv_name, item.arg.arg.arg
        if isinstance(inner, base.Element):
            yield leaf(name, inner)
        else:
            yield from parts(name + ".", inner.arg)


def fields(path, value):
    from asterix import base

    if isinstance(value, base.Element):
        yield leaf(f"{path}/VAL", value)
    elif isinstance(value, base.Group):
        yield from parts(f"{path}/", value.arg)
    elif isinstance(value, base.Extended):
        yield from parts(f"{path}/", [item for group in value.arg for item in group])
    elif isinstance(value, base.Repetitive):
        for place, element in enumerate(value.arg):
            yield from fields(f"{path}/{place}", element)
    elif isinstance(value, base.Compound):
        for part in value.cv_items_list:
            if part and part.cv_name in value.arg:
                yield from fields(f"{path}/{part.cv_name}", value.arg[part.cv_name].arg.arg)
    elif isinstance(value, base.Explicit):
        yield from ((f"{path}/{place}", octet, None) for place, octet in enumerate(value.get_bytes()))
    else:
        raise TypeError(type(value))


def of_record(record):
    found = []
    for name in (slot(item) for item in record.cv_items_list):
        if name in record.items_regular:
            found += fields(name, record.items_regular[name].arg.arg)
        elif name == "RFS":
            found += [field for name, item in (record.items_rfs or [[]])[0] for field in fields(name, item.arg.arg)]
    return found


def shown(category, found):
    """As `asterix_fields` prints them: a text without trailing spaces."""

    def means(path, value):
        return value.rstrip() if isinstance(value, str) else value * CORRECTED.get((category, path.split("/")[0]), 1)

    return [[path, bits] if value is None else [path, bits, means(path, value)] for path, bits, value in found]


# Vectors.


def octets_of(bits):
    assert len(bits) % 8 == 0, len(bits)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def any_bits(dice, kind):
    """Random bits of a variation."""
    from asterix import base

    def item(part):
        return dice_bits(part.cv_bit_size) if issubclass(part, base.Spare) else any_bits(dice, variation(part.cv_non_spare.cv_rule))

    def dice_bits(count):
        return format(dice.getrandbits(count), f"0{count}b")

    if issubclass(kind, base.Element):
        content = getattr(kind.cv_rule, "cv_content", base.ContentRaw)
        if issubclass(content, base.ContentString) and content.cv_string_type is not base.StringOctal:
            text = content.cv_string_type
            codes = [text.from_char(dice.choice("ABCXYZ 0189")) for _ in range(kind.cv_bit_size // text.cv_bits_per_char)]
            return "".join(format(code, f"0{text.cv_bits_per_char}b") for code in codes)
        return dice_bits(kind.cv_bit_size)
    if issubclass(kind, base.Group):
        return "".join(item(part) for part, _ in kind.cv_items_list)
    if issubclass(kind, base.Extended):
        count = dice.randint(1, len(kind.cv_items_list))
        bits = ""
        for place, group in enumerate(kind.cv_items_list[:count]):
            bits += "".join(str(int(place + 1 < count)) if part is None else item(part[0]) for part in group)
        return bits
    if issubclass(kind, base.Repetitive):
        count = dice.randint(1, 3)
        if kind.cv_rep_bytes is None:
            return "".join(any_bits(dice, kind.cv_variation) + str(int(place + 1 < count)) for place in range(count))
        return format(count, f"0{8 * kind.cv_rep_bytes}b") + "".join(any_bits(dice, kind.cv_variation) for _ in range(count))
    if issubclass(kind, base.Explicit):
        count = dice.randint(1, 4)
        return format(count + 1, "08b") + dice_bits(8 * count)
    known = [place for place, part in enumerate(kind.cv_items_list) if part]
    chosen = sorted(dice.sample(known, dice.randint(1, len(known))))
    return specification(chosen) + "".join(any_bits(dice, variation(kind.cv_items_list[place].cv_rule)) for place in chosen)


def specification(chosen):
    count = max(chosen) // 7 + 1
    octet = lambda number: "".join(str(int(number * 7 + bit in chosen)) for bit in range(7)) + str(int(number + 1 < count))
    return "".join(octet(number) for number in range(count))


def any_record(dice, record, case, share):
    """Random octets of a record; `share` of its items, all but the first by chance."""
    from asterix import base

    items = record.cv_items_list
    known = [place for place, part in enumerate(items) if not issubclass(part, base.UapItemSpare)]
    chosen = [place for place in known if place == 0 or slot(items[place]) == "020" and case is not None or dice.random() < share]

    def item(place):
        if issubclass(items[place], base.UapItemRFS):
            others = [other for other in known if other not in chosen and slot(items[other]) != "RFS"][:2]
            return format(len(others), "08b") + "".join(format(other + 1, "08b") + item(other) for other in others)
        bits = any_bits(dice, variation(items[place].cv_non_spare.cv_rule))
        if case is not None and slot(items[place]) == "020":
            bits = str(case) + bits[1:]
        return bits

    return octets_of(specification(chosen) + "".join(item(place) for place in chosen))


def vectors(folder):
    from asterix import base

    for category, name, spec in editions():
        dice = random.Random(f"{category} {name}")
        records, decoded = [], []
        for share in [1.0, 0.0, 0.3, 0.6]:
            for _, case, record in profiles(spec):
                octets = any_record(dice, record, case, share)
                found, rest = record._parse(base.ParsingMode.StrictParsing, base.Bits.from_bytes(octets))
                assert len(rest) == 0 and found.unparse().to_bytes() == octets, (category, name)
                records.append(octets)
                decoded.append(shown(category, of_record(found)))
        content = b"".join(records)
        block = bytes([category]) + (len(content) + 3).to_bytes(2) + content
        vector = {"category": category, "edition": name, "block": block.hex(), "records": decoded}
        (folder / f"cat{category:03}_{name.replace('.', '_')}.json").write_text(json.dumps(vector, separators=(",", ":")) + "\n")


# Comparisons.


def ours():
    return (json.loads(line) for line in sys.stdin)


def compare(path):
    """Every record of a file of raw blocks against libasterix."""
    from asterix import base, generated

    data = Path(path).read_bytes()
    lines, counts, at = ours(), {}, 0
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 3])
        block = base.Bits.from_bytes(data[at + 3 : at + size])
        at += size
        if data[at - size] not in EDITIONS:
            continue
        while len(block):
            line = next(lines)
            category, edition = line["edition"].removeprefix("CAT").split()
            assert int(category) == data[at - size], (at, line["edition"])
            spec = getattr(generated, f"Cat_{category}_{edition.replace('.', '_')}")
            tries = [record._parse(base.ParsingMode.StrictParsing, block) for _, _, record in profiles(spec)]
            found, block = next(result for result in tries if isinstance(result, tuple))
            theirs = shown(int(category), of_record(found))
            assert theirs == line["fields"], (at, [pair for pair in zip(theirs, line["fields"]) if pair[0] != pair[1]][:3])
            records, fields_read = counts.get(line["edition"], (0, 0))
            counts[line["edition"]] = (records + 1, fields_read + len(theirs))
    assert next(lines, None) is None, "more records than libasterix finds"
    report("libasterix", path, counts)


# Registers of Mode S and advisories: asterix_decoder takes them apart, the tables do not; it does not open RE and SP.
OPAQUE = {"I250", "I260", "IRE", "ISP"}
# It gives the ground speed of category 48 in knots.
IN_KNOTS = {("CAT048 1.32", "I200")}


def values(item):
    """The values of an item of asterix_decoder, in the order of their bits."""
    if isinstance(item, list):
        return [value for element in item for value in values(element)]
    found = []
    for name, inner in item.items():
        if name == "val":
            found.append(inner)
        elif name.lower() not in ("spare", "fx", "sb", "spare1", "spare2"):
            found += values(inner)
    return found


def equal(theirs, bits, *means):
    if isinstance(theirs, str):
        return means and theirs.strip() == str(means[0]).strip() or not means and int(theirs, 16) == bits
    # Some of its steps are rounded to three digits.
    return abs(theirs - (means[0] if means else bits)) <= 1e-3 * abs(theirs)


def decoder(path):
    """Every record of a file against asterix_decoder, item by item."""
    import asterix

    counts = {}
    theirs = (record for record in asterix.parse(Path(path).read_bytes(), verbose=False) if record["category"] in EDITIONS)
    for line, record in zip(ours(), theirs, strict=True):
        items = {}
        for field, *rest in line["fields"]:
            items.setdefault("I" + field.split("/")[0], []).append(rest)
        found = {name: values(item) for name, item in record.items() if name.startswith("I")}
        assert found.keys() == items.keys(), (line["at"], found.keys() ^ items.keys())
        records, fields_read = counts.get(line["edition"], (0, 0))
        for name in found.keys() - OPAQUE:
            if (line["edition"], name) in IN_KNOTS:
                items[name][0][1] *= 3600
            same = len(found[name]) == len(items[name]) and all(equal(one, *other) for one, other in zip(found[name], items[name]))
            assert same, (line["at"], name, found[name], items[name])
            fields_read += len(found[name])
        counts[line["edition"]] = (records + 1, fields_read)
    report("asterix_decoder", path, counts)


def report(library, path, counts):
    for edition, (records, found) in sorted(counts.items()):
        print(f"{Path(path).name}: {edition}: {records} records, {found} fields equal to {library}")


def speed(path):
    import asterix

    data = Path(path).read_bytes()
    start = time.perf_counter()
    records = len(asterix.parse(data, verbose=False))
    seconds = time.perf_counter() - start
    print(f"{Path(path).name}: asterix_decoder: {records} records, {len(data) / seconds / 1e6:.2f} MB/s")


if __name__ == "__main__":
    verb, where = sys.argv[1:3]
    {"tables": lambda: tables(Path(where)), "vectors": lambda: vectors(Path(where)), "compare": lambda: compare(where),
     "decoder": lambda: decoder(where), "speed": lambda: speed(where)}[verb]()  # fmt: skip
