// radgen-film-reader: reads one film for another program, without any rights while it decodes
// (radgen/imaging/film_sandbox.h). Nobody starts it by hand.
#include "radgen/imaging/film_sandbox.h"

int main(int argc, char** argv) {
  return radgen::serve_film_sandbox(argc, argv, &radgen::read_film_bytes);
}
