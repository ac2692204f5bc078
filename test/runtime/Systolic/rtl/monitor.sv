// What the test bench sees of every instruction: its index in the program and the cycles in which it was dispatched, issued and retired.
package monitor;
import "DPI-C" function void record(input int index, input int dispatched, input int issued, input int retired);
endpackage
