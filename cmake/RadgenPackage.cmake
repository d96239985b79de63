# cmake --build build --target package: one .deb with tools, manual pages, data, libradgen.so, radgen.h, the static
# libraries and the CMake package. What it needs to run is found from what its programs link.
find_program(RADGEN_GZIP gzip)
if(RADGEN_GZIP)
  set(pages)
  foreach(tool ${radgen_tools})
    set(page ${CMAKE_BINARY_DIR}/man/${tool}.1.gz)
    add_custom_command(OUTPUT ${page} DEPENDS ${tool} ${CMAKE_CURRENT_SOURCE_DIR}/cmake/ManPage.cmake
      COMMAND ${CMAKE_COMMAND} -DTOOL=$<TARGET_FILE:${tool}> -DPAGE=${page} -DVERSION=${PROJECT_VERSION}
              -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/ManPage.cmake
      VERBATIM)
    list(APPEND pages ${page})
  endforeach()
  if(pages)
    add_custom_target(man_pages ALL DEPENDS ${pages})
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT Runtime)
  endif()
endif()
install(FILES cmake/package_copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/radgen RENAME copyright COMPONENT Runtime)
install(DIRECTORY docs/examples DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/radgen COMPONENT Development)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME radgen)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "The RadGen authors")
set(CPACK_PACKAGE_CONTACT "The RadGen authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
  "RadGen drafts chest X-ray reports in which every sentence points at the pixels it was written from. Research software, not for clinical use. No model is in this package: train one, or write one with random weights (bench-radgen model).")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)  # and so ldconfig runs
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
# Debian's LibTorch takes any BLAS; this one is 50 times as fast as the reference library.
set(CPACK_DEBIAN_PACKAGE_DEPENDS libopenblas0-openmp)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS wordnet-base)
# What find_package(radgen) looks for: RadgenDependencies.cmake. The C interface needs none of it.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS
  "cmake, pkg-config, libtorch-dev, libdcmtk-dev, dcmtk, libopencv-dev, libopenjp2-7-dev, nlohmann-json3-dev, libcli11-dev, libspdlog-dev, libssl-dev, zlib1g-dev, libdeflate-dev, libpng-dev, libjpeg-dev, libutf8proc-dev")
include(CPack)
