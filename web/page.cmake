# Makes the files of the web page: TypeScript, a style sheet and uPlot, bundled, compressed, and written as a C++ source in the
# build folder. Sets PAGE_ASSETS to that source; with BACKSTOP_PAGE=OFF to one without any files.
option(BACKSTOP_PAGE "build the web page into backstopd (needs node, npm and the npm registry)" ON)
if(NOT BACKSTOP_PAGE)
  set(PAGE_ASSETS ${CMAKE_CURRENT_SOURCE_DIR}/daemon/page/without/assets.cpp)
  return()
endif()

find_program(NODE node)
find_program(NPM npm)
if(NOT NODE OR NOT NPM)
  message(FATAL_ERROR "The web page is built with node and npm, and they are not here. Install them (as root: "
    "packaging/install-deps build, or: apt-get install nodejs npm), or build without the page: -DBACKSTOP_PAGE=OFF")
endif()

set(WEB ${CMAKE_CURRENT_SOURCE_DIR}/web)
set(WEB_BUILD ${CMAKE_BINARY_DIR}/web)
set(PAGE_ASSETS ${WEB_BUILD}/assets.cpp)
file(GLOB_RECURSE WEB_SOURCES CONFIGURE_DEPENDS ${WEB}/src/*)
set(NPM_CI ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error --prefer-offline)
# What the tests need besides: a browser's driver, the accessibility rules, the type checker.
if(BUILD_TESTING OR NOT DEFINED BUILD_TESTING)
  set(NPM_MODE with-tests)
else()
  set(NPM_MODE alone)
  list(APPEND NPM_CI --omit=dev)
endif()
add_custom_command(OUTPUT ${WEB_BUILD}/modules.${NPM_MODE}
  COMMAND ${CMAKE_COMMAND} -E copy ${WEB}/package.json ${WEB}/package-lock.json ${WEB_BUILD}
  COMMAND ${NPM_CI}
  COMMAND ${CMAKE_COMMAND} -E touch ${WEB_BUILD}/modules.${NPM_MODE}
  DEPENDS ${WEB}/package.json ${WEB}/package-lock.json
  WORKING_DIRECTORY ${WEB_BUILD} COMMENT "npm ci for the web page (without network: cmake -DBACKSTOP_PAGE=OFF)" VERBATIM)
add_custom_command(OUTPUT ${PAGE_ASSETS}
  COMMAND ${NODE} ${WEB}/bundle.mjs ${WEB} ${WEB_BUILD}
  DEPENDS ${WEB_BUILD}/modules.${NPM_MODE} ${WEB}/bundle.mjs ${WEB}/tsconfig.json ${WEB_SOURCES}
  COMMENT "Bundling the web page" VERBATIM)
file(MAKE_DIRECTORY ${WEB_BUILD})
