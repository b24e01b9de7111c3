#!/usr/bin/env python3
"""cvc5 as a program, from the Python package `cvc5`, which brings the solver and no program.

    pip install cvc5
    CVC5=$PWD/formal/cvc5_from_pypi.py make formal

Reads SMT-LIB from stdin, command by command, and answers as `cvc5 --lang smt` does; arguments are ignored.
"""

import sys

import cvc5


def commands(lines):
    """Whole commands: lines until no parenthesis is open outside of strings."""
    text, depth, quoted = "", 0, False
    for line in lines:
        for letter in line:
            if letter == '"':
                quoted = not quoted
            elif not quoted:
                depth += (letter == "(") - (letter == ")")
        text += line
        if depth == 0 and not quoted and text.strip():
            yield text
            text = ""


def solver():
    """A solver and its names, as they are after `(reset)`."""
    terms = cvc5.TermManager()
    return cvc5.Solver(terms), cvc5.SymbolManager(terms)


def main():
    state, names = solver()
    for text in commands(sys.stdin):
        if text.strip() == "(reset)":
            state, names = solver()
            continue
        try:
            parser = cvc5.InputParser(state, names)
            parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "stdin")
            while not (command := parser.nextCommand()).isNull():
                answer = command.invoke(state, names)
                print(answer.decode() if isinstance(answer, bytes) else answer, end="")
        except RuntimeError as error:
            print('(error "' + str(error).replace('"', "'") + '")')
        sys.stdout.flush()


if __name__ == "__main__":
    main()
