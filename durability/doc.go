// Package durability cuts the power of machines that run this project on SQLite,
// and looks at what they have when it is back.
//
// A run of services is taken down on a tape of everything that was asked of the
// disk and everything that was told to the world. At any place of the tape the disk
// can then be rebuilt as a power cut there could have left it, as often as wanted,
// and the services opened on it. What was told must be true still, and nothing may
// be there by half.
//
// The tests are the content; README.md says what they show.
package durability
