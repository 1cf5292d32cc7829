package replay

import (
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/retail"
)

// unlimited is the word for no limit at all.
const unlimited = "unlimited"

// maxShare bounds the stock: a thousand times what the file sells.
const maxShare = 1_000_000

// terms are what the shop begins with.
type terms struct {
	share  *money.Amount // in thousandths of what is sold; nil means unlimited
	credit *int64        // in thousandths; nil means unlimited
}

func parseTerms(opts Options) (t terms, err error) {
	if opts.Stock != unlimited {
		share, err := money.Parse(opts.Stock)
		if err == nil && (share < 0 || share > maxShare) {
			err = fmt.Errorf("%q is not from 0 to 1000", opts.Stock)
		}
		if err != nil {
			return t, wrongTerm("stock", err)
		}
		t.share = &share
	}
	if opts.Credit != unlimited {
		limit, err := money.Parse(opts.Credit)
		if err == nil && limit < 0 {
			err = fmt.Errorf("%q is less than nothing", opts.Credit)
		}
		if err != nil {
			return t, wrongTerm("credit", err)
		}
		credit := int64(limit)
		t.credit = &credit
	}
	return t, nil
}

func wrongTerm(what string, err error) error {
	return &bailiwick.Error{Code: bailiwick.Invalid, Op: "replay: read the " + what, Err: err,
		Do: "give a decimal number, such as 0.9, or " + unlimited}
}

// opening is how many units of a product are in stock at the beginning.
func (t terms) opening(p retail.Product) (int64, error) {
	if p.Fee {
		return 0, nil
	}
	if t.share == nil {
		return p.Sold + p.Removed, nil
	}
	thousandths, err := t.share.Times(p.Sold)
	return int64(thousandths) / 1000, err
}
