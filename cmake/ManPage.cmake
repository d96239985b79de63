# cmake -DTOOL=bin/report-radgen -DPAGE=man/report-radgen.1.gz -DVERSION=0.1.0 -P ManPage.cmake: a manual page made of what
# the tool says of itself (--help, and that of each subcommand), so that the two cannot differ.
cmake_policy(VERSION 3.20)
get_filename_component(name ${TOOL} NAME)
set(ENV{RADGEN_NO_REEXEC} 1)  # nothing is computed

function(help_of result)
  execute_process(COMMAND ${TOOL} ${ARGN} --help OUTPUT_VARIABLE text RESULT_VARIABLE code)
  if(NOT code EQUAL 0 OR text STREQUAL "")
    message(FATAL_ERROR "${name} ${ARGN} --help says nothing")
  endif()
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# Text as roff shows it: backslashes, hyphens that are to be typed, and lines that would be requests.
function(roff text result)
  string(REPLACE "\\" "\\e" text "${text}")
  string(REPLACE "-" "\\-" text "${text}")
  string(REGEX REPLACE "(^|\n)([.'])" "\\1\\\\&\\2" text "${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# "<what it is>\nUsage: <how it is called>\n<the rest>"
function(parts_of help what usage rest)
  string(REGEX MATCH "^([^\n]*)\n+Usage: ([^\n]*)\n(.*)$" matched "${help}")
  if(NOT matched)
    message(FATAL_ERROR "${name} --help does not begin with a sentence and 'Usage:'")
  endif()
  set(fields ${what} ${usage} ${rest})
  foreach(i RANGE 1 3)
    math(EXPR field "${i} - 1")
    list(GET fields ${field} variable)
    roff("${CMAKE_MATCH_${i}}" text)
    string(STRIP "${text}" text)
    set(${variable} "${text}" PARENT_SCOPE)
  endforeach()
endfunction()

help_of(help)
parts_of("${help}" what usage rest)
string(REGEX REPLACE "[.;].*" "" short "${what}")
string(TOUPPER ${name} title)
set(page ".TH ${title} 1 \"\" \"RadGen ${VERSION}\" \"RadGen\"\n.SH NAME\n${name} \\- ${short}\n.SH SYNOPSIS\n.B ${usage}\n\
.SH DESCRIPTION\n${what}\n.SH OPTIONS\n.nf\n${rest}\n.fi\n")
string(REGEX MATCH "\nSubcommands:\n(  [^\n]*\n)+" subcommands "${help}")
string(REGEX MATCHALL "\n  [a-z-]+" subcommands "${subcommands}")
foreach(subcommand ${subcommands})
  string(STRIP "${subcommand}" subcommand)
  help_of(help ${subcommand})
  parts_of("${help}" what usage rest)
  string(APPEND page ".SH \"SUBCOMMAND ${subcommand}\"\n.B ${usage}\n.PP\n${what}\n.PP\n.nf\n${rest}\n.fi\n")
endforeach()

string(REGEX REPLACE "\\.gz$" "" plain ${PAGE})
file(WRITE ${plain} "${page}")
execute_process(COMMAND gzip -9nf ${plain} RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "cannot pack ${plain}")
endif()
