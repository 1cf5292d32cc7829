package retail

// fees are the codes that stand for charges and corrections, not for things that
// lie on a shelf. All others are goods, also the gift vouchers (gift_0001_…), which
// are printed cards, the dotcom range (DCGS…) and PADS, which are cushion pads.
var fees = map[string]string{
	"AMAZONFEE":    "Amazon fee",
	"B":            "bad debt",
	"BANK CHARGES": "bank charges",
	"C2":           "carriage",
	"CRUK":         "commission for a charity",
	"D":            "discount",
	"DOT":          "postage of the web shop",
	"M":            "manual entry",
	"m":            "manual entry",
	"POST":         "postage",
	"S":            "samples, charged back",
}

// IsFee says whether a code stands for a charge: it has a price and no stock.
func IsFee(code string) bool { return fees[code] != "" }
