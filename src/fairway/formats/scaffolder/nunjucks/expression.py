"""The grammar of expressions.

Belongs here: which operator binds how closely, which is Nunjucks' own order and not that of
other languages. Never here: tags (`parse`). Start at `ExpressionParser.parse_expression`.
"""

from collections.abc import Sequence

from fairway.formats.scaffolder.nunjucks import node
from fairway.formats.scaffolder.nunjucks.error import NunjucksError
from fairway.formats.scaffolder.nunjucks.node import Node
from fairway.formats.scaffolder.nunjucks.regex import compile_pattern
from fairway.formats.scaffolder.nunjucks.token import Token
from fairway.formats.scaffolder.nunjucks.value import Pattern

# From the loosest to the closest; those of one level from left to right.
_ARITHMETIC = (("~", "+", "-"), ("*", "/", "//", "%"), ("**",))
_COMPARISONS = ("==", "===", "!=", "!==", "<", ">", "<=", ">=")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_CONSTANTS = {"true": True, "false": False, "none": None, "null": None}
_MOST_DEPTH = 100


class ExpressionParser:
    """Reads expressions off a list of tokens."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def line(self) -> int:
        at = min(self._at, len(self._tokens) - 1)
        return self._tokens[at].line if self._tokens else 1

    def peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def next(self) -> Token:
        token = self.peek()
        if token is None:
            raise NunjucksError("the text ends too early", line=self.line)
        self._at += 1
        return token

    def skip_name(self, *names: str) -> bool:
        token = self.peek()
        is_found = token is not None and token.is_name(*names)
        self._at += is_found
        return is_found

    def skip_sign(self, *signs: str) -> str:
        token = self.peek()
        if token is None or not token.is_sign(*signs):
            return ""
        self._at += 1
        return token.value

    def expect_sign(self, sign: str) -> None:
        if not self.skip_sign(sign):
            raise self.refuse(f"'{sign}' is expected")

    def expect_name(self) -> str:
        token = self.peek()
        if token is None or token.kind != "name":
            raise self.refuse("a name is expected")
        return self.next().value

    def refuse(self, why: str) -> NunjucksError:
        token = self.peek()
        got = f", and there is '{token.value}'" if token else ", and the text ends"
        return NunjucksError(why + got, line=self.line)

    def parse_expression(self) -> Node:
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise NunjucksError("expressions are nested too deeply", line=self.line)
        body = self._parse_or()
        if self.skip_name("if"):
            test = self._parse_or()
            other = self._parse_or() if self.skip_name("else") else None
            body = node.Choice(body.line, test, body, other)
        self._depth -= 1
        return body

    def _parse_or(self) -> Node:
        left = self._parse_and()
        while self.skip_name("or"):
            left = node.Binary(left.line, "or", left, self._parse_and())
        return left

    def _parse_and(self) -> Node:
        left = self._parse_not()
        while self.skip_name("and"):
            left = node.Binary(left.line, "and", left, self._parse_not())
        return left

    def _parse_not(self) -> Node:
        line, count = self.line, 0
        while self.skip_name("not"):
            count += 1
        found = self._parse_in()
        if count and isinstance(found, node.Binary) and found.sign in _COMPARISONS:
            why = f"Nunjucks takes 'not' before '{found.sign}', which nobody means; set brackets"
            raise NunjucksError(why, line=line)
        for _ in range(count):
            found = node.Unary(line, "not", found)
        return found

    def _parse_in(self) -> Node:
        left = self._parse_is()
        while True:
            after = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else None
            is_inverted = after is not None and after.is_name("in") and self.skip_name("not")
            if not self.skip_name("in"):
                return left
            left = node.Binary(left.line, "in", left, self._parse_is())
            if is_inverted:
                left = node.Unary(left.line, "not", left)

    def _parse_is(self) -> Node:
        value = self._parse_comparison()
        if not self.skip_name("is"):
            return value
        is_inverted = self.skip_name("not")
        match self._parse_comparison():
            case node.Name(_, name):
                found = node.Test(value.line, name, value, ())
            case node.Constant(_, None):
                found = node.Test(value.line, "null", value, ())
            case node.Call(_, node.Name(_, name), arguments, ()):
                found = node.Test(value.line, name, value, arguments)
            case _:
                raise NunjucksError("the name of a test is expected after 'is'", line=value.line)
        return node.Unary(value.line, "not", found) if is_inverted else found

    def _parse_comparison(self) -> Node:
        left = self._parse_arithmetic(0)
        if not (sign := self.skip_sign(*_COMPARISONS)):
            return left
        found = node.Binary(left.line, sign, left, self._parse_arithmetic(0))
        if self.skip_sign(*_COMPARISONS):
            why = "more than one comparison in a row is not offered here; join them by 'and'"
            raise NunjucksError(why, line=left.line)
        return found

    def _parse_arithmetic(self, level: int) -> Node:
        if level == len(_ARITHMETIC):
            return self._parse_unary()
        left = self._parse_arithmetic(level + 1)
        used = set()
        while sign := self.skip_sign(*_ARITHMETIC[level]):
            used.add(sign)
            if "//" in used and len(used) > 1:
                why = "Nunjucks takes '//' beside other signs in its own order; set brackets"
                raise NunjucksError(why, line=left.line)
            left = node.Binary(left.line, sign, left, self._parse_arithmetic(level + 1))
        return left

    def _parse_unary(self, *, is_inner: bool = False) -> Node:
        line = self.line
        if sign := self.skip_sign("-", "+"):
            if is_inner:
                raise NunjucksError("two signs in a row; set brackets", line=line)
            found: Node = node.Unary(line, sign, self._parse_unary(is_inner=True))
        else:
            found = self.parse_primary()
        return found if is_inner else self._parse_filters(found)

    def _parse_filters(self, value: Node) -> Node:
        while self.skip_sign("|"):
            line, name = self.line, self.parse_filter_name()
            arguments, named = self.parse_arguments() if self._is_call() else ((), ())
            value = node.Filter(line, name, value, arguments, named)
        return value

    def parse_filter_name(self) -> str:
        name = self.expect_name()
        while self.skip_sign("."):
            name += f".{self.expect_name()}"
        return name

    def _is_call(self) -> bool:
        token = self.peek()
        return token is not None and token.is_sign("(")

    def parse_primary(self) -> Node:
        token = self.peek()
        if token is None:
            raise self.refuse("a value is expected")
        line = token.line
        match token.kind:
            case "sign":
                found = self._parse_aggregate()
            case "string":
                found = node.Constant(line, self.next().value)
            case "int":
                found = node.Constant(line, int(self.next().value))
            case "float":
                found = node.Constant(line, float(self.next().value))
            case "regex":
                found = node.Constant(line, self._parse_pattern())
            case "name":
                name = self.next().value
                is_constant = name in _CONSTANTS
                found = (
                    node.Constant(line, _CONSTANTS[name]) if is_constant else node.Name(line, name)
                )
            case _:
                raise self.refuse("a value is expected")
        return self._parse_postfix(found)

    def _parse_pattern(self) -> Pattern:
        token = self.next()
        try:
            return compile_pattern(token.value, token.flags)
        except NunjucksError as error:
            error.line = token.line
            raise

    def _parse_postfix(self, value: Node) -> Node:
        while True:
            line = self.line
            if self._is_call():
                arguments, named = self.parse_arguments()
                value = node.Call(line, value, arguments, named)
            elif self.skip_sign("["):
                value = node.Member(line, value, self.parse_expression())
                self.expect_sign("]")
            elif self.skip_sign("."):
                value = node.Member(line, value, node.Constant(line, self._expect_key()))
            else:
                return value

    def _expect_key(self) -> str:
        token = self.peek()
        if token is not None and token.is_name(*_CONSTANTS):
            raise self.refuse("a name is expected")
        return self.expect_name()

    def parse_arguments(self) -> tuple[node.Body, tuple[tuple[str, Node], ...]]:
        """Return arguments in order and by name, from the opening bracket to the closing one."""
        self.expect_sign("(")
        arguments: list[Node] = []
        named: list[tuple[str, Node]] = []
        while not self.skip_sign(")"):
            if arguments or named:
                self.expect_sign(",")
            value = self.parse_expression()
            if self.skip_sign("="):
                if not isinstance(value, node.Name):
                    raise self.refuse("an argument's name is expected before '='")
                named.append((value.name, self.parse_expression()))
            else:
                arguments.append(value)
        return tuple(arguments), tuple(named)

    def _parse_aggregate(self) -> Node:
        line = self.line
        sign = self.skip_sign(*_CLOSING)
        if not sign:
            raise self.refuse("a value is expected")
        items: list[Node] = []
        pairs: list[tuple[Node, Node]] = []
        while not self.skip_sign(_CLOSING[sign]):
            if items or pairs:
                self.expect_sign(",")
                if self.skip_sign(_CLOSING[sign]):
                    break
            if sign == "{":
                pairs.append(self._parse_pair())
            else:
                items.append(self.parse_expression())
        if sign == "{":
            return node.MappingOf(line, tuple(pairs))
        if sign == "[":
            return node.ListOf(line, tuple(items))
        if len(items) != 1:
            raise NunjucksError("one value is expected between round brackets", line=line)
        return node.Group(line, items[0])

    def _parse_pair(self) -> tuple[Node, Node]:
        key = self.parse_primary()
        if isinstance(key, node.Name):
            key = node.Constant(key.line, key.name)
        if not isinstance(key, node.Constant) or not isinstance(key.value, (str, int)):
            raise NunjucksError("the key of a mapping is a name or a text", line=key.line)
        self.expect_sign(":")
        return key, self.parse_expression()
