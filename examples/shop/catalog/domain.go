package catalog

import (
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
)

// change decides what listing a product over an earlier one means: nothing, a
// change, or, where it would turn goods into a fee or back, a refusal with the
// code [bailiwick.Conflict]. Stock of a fee, or sales of goods that never had any,
// could not be explained afterwards.
func change(before, after catalogapi.Product) (changed bool, err error) {
	if before.Kind != after.Kind {
		return false, &bailiwick.Error{Code: bailiwick.Conflict, Op: "catalog: list " + after.Code,
			Err: fmt.Errorf("it is listed as %s and stays so", before.Kind), Do: "list it under a new code"}
	}
	return before != after, nil
}
