# cmake --install build --prefix DIR [--component Runtime|Development]
#
#   Runtime       bin/<verb>-radgen, libradgen.so.1, share/radgen/{data,configs}, manual pages
#   Development   include/radgen/, the static libraries, and the package that find_package(radgen) finds:
#                 targets radgen::core ... radgen::training, radgen::clinical
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(radgen_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/radgen)
get_property(radgen_layers GLOBAL PROPERTY RADGEN_LAYERS)
get_property(radgen_torch_layers GLOBAL PROPERTY RADGEN_TORCH_LAYERS)
get_property(radgen_tools GLOBAL PROPERTY RADGEN_TOOLS)

foreach(tool ${radgen_tools})
  set_target_properties(${tool} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)  # a LibTorch outside the system's folders
  install(TARGETS ${tool} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT Runtime)
endforeach()
if(TARGET radgen_shared)
  set_target_properties(radgen_shared PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS radgen_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Runtime
          NAMELINK_COMPONENT Development)
endif()
if(TARGET radgen-film-reader)
  install(TARGETS radgen-film-reader RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT Runtime)
endif()
install(DIRECTORY data configs DESTINATION ${CMAKE_INSTALL_DATADIR}/radgen COMPONENT Runtime)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT Runtime)

list(TRANSFORM radgen_layers PREPEND radgen_ OUTPUT_VARIABLE radgen_layer_targets)
install(TARGETS ${radgen_layer_targets} EXPORT radgenTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT Development)
install(DIRECTORY include/radgen DESTINATION include COMPONENT Development FILES_MATCHING PATTERN "*.h")
install(EXPORT radgenTargets NAMESPACE radgen:: DESTINATION ${radgen_package_dir} COMPONENT Development)

# The sentencepiece that radgen::report was built with travels along: distributions have none that fits (see setup.sh).
if(EXISTS ${RADGEN_DEPS_DIR}/sentencepiece)
  install(DIRECTORY ${RADGEN_DEPS_DIR}/sentencepiece DESTINATION ${CMAKE_INSTALL_LIBDIR}/radgen COMPONENT Development)
endif()
install(FILES cmake/RadgenDependencies.cmake DESTINATION ${radgen_package_dir} COMPONENT Development)
set(radgen_deps_dir ${CMAKE_INSTALL_LIBDIR}/radgen)
configure_package_config_file(cmake/radgenConfig.cmake.in ${CMAKE_BINARY_DIR}/radgenConfig.cmake
                              INSTALL_DESTINATION ${radgen_package_dir} PATH_VARS radgen_deps_dir)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/radgenConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/radgenConfig.cmake ${CMAKE_BINARY_DIR}/radgenConfigVersion.cmake
        DESTINATION ${radgen_package_dir} COMPONENT Development)
