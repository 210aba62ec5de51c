// Package status turns records into the tables that operators see: titles, keys, order and cell
// rules of operator-surface.md 1.6, 1.8 and 2.2.
//
// It owns no data and does no I/O beyond writing to the io.Writer it is given; a Table is a
// value. Whatever comes out of ZooKeeper is treated as hostile: nothing in it reaches a terminal
// as a control sequence, and credentials kept in connection_port never reach a table at all.
// cmd and the web pages may import it.
package status
