# cmake -DFILE=x.json|x.jsonl -P json_check.cmake: fails unless the file is JSON (one document a line in .jsonl), and
# prints the number of lines of a .jsonl.
file(READ ${FILE} text)
string(STRIP "${text}" text)
if(FILE MATCHES "\\.jsonl$")
  string(REPLACE "\n" "," text "${text}")
  set(text "[${text}]")
endif()
string(JSON length ERROR_VARIABLE problem LENGTH "${text}")
if(problem)
  message(FATAL_ERROR "${FILE}: ${problem}")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} -E echo ${length})
