package fakes

import "strings"

// notionTypes are the blocks that can be written.
var notionTypes = strings.Fields(`paragraph heading_1 heading_2 heading_3 heading_4 bulleted_list_item numbered_list_item
	to_do toggle code quote callout divider table table_row image video file pdf audio bookmark embed equation breadcrumb
	table_of_contents column_list column synced_block link_to_page tab template`)

// notionDefaults are the fields that Notion adds to what was written.
var notionDefaults = map[string]object{
	"paragraph":          {"icon": nil, "color": "default"},
	"heading_1":          {"is_toggleable": false, "color": "default"},
	"heading_2":          {"is_toggleable": false, "color": "default"},
	"heading_3":          {"is_toggleable": false, "color": "default"},
	"heading_4":          {"is_toggleable": false, "color": "default"},
	"bulleted_list_item": {"color": "default"},
	"numbered_list_item": {"color": "default"},
	"to_do":              {"checked": false, "color": "default"},
	"toggle":             {"color": "default"},
	"quote":              {"color": "default"},
	"callout":            {"icon": nil, "color": "default"},
	"code":               {"caption": []any{}},
	"table":              {"has_column_header": false, "has_row_header": false},
	"image":              {"caption": []any{}},
	"bookmark":           {"caption": []any{}},
}

// notionLanguages are those of a code block.
var notionLanguages = strings.Split("abap,abc,agda,arduino,ascii art,assembly,bash,basic,bnf,c,c#,c++,clojure,coffeescript,coq,css,dart,dhall,"+
	"diff,docker,ebnf,elixir,elm,erlang,f#,flow,fortran,gherkin,glsl,go,graphql,groovy,haskell,hcl,html,idris,java,javascript,json,julia,kotlin,"+
	"latex,less,lisp,livescript,llvm ir,lua,makefile,markdown,markup,matlab,mathematica,mermaid,nix,notion formula,objective-c,ocaml,pascal,perl,"+
	"php,plain text,powershell,prolog,protobuf,purescript,python,r,racket,reason,ruby,rust,sass,scala,scheme,scss,shell,smalltalk,solidity,sql,"+
	"swift,toml,typescript,vb.net,verilog,vhdl,visual basic,webassembly,xml,yaml,java/c/c++/c#", ",")
