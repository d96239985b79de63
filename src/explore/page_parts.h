// Parts of the page that explore_page() puts together.
#pragma once

#include <string>
#include <vector>

#include "radgen/explore/explore_page.h"
#include "radgen/pages/page.h"

namespace radgen::explore {

std::string grouped(size_t number);            // "377 110"
std::string percent(size_t count, size_t of);  // "12.3 %"

void add_people(pages::Page& page, const Survey& survey);
void add_images(pages::Page& page, const Survey& survey);
void add_boxes(pages::Page& page, const Survey& survey);
void add_tokenizer(pages::Page& page, const Survey& survey);
void add_examples(pages::Page& page, const std::vector<Example>& examples);

}  // namespace radgen::explore
