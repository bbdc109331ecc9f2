// error: 'quantity' is a 'let' constant
@testable import Orders

func change(_ line: inout OrderLine) { line.quantity = 5 }
