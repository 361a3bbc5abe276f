using System.Text.RegularExpressions;

namespace Lethe.Proxy.Tests.Page;

/// <summary>What the page's own source never holds, so that no layer against hostile text rests on another; and how much of it there is.</summary>
public sealed class PageSourceTests
{
    private const int ModuleLinesMax = 200;
    private const int ScriptBytesMax = 60 * 1024;
    private const int StyleBytesMax = 28 * 1024;

    private static readonly string Page = Path.Combine(Checkout.Root, "src", "Lethe.Proxy", "Page");

    [Fact]
    public void No_component_makes_markup_of_a_string_or_has_a_style_or_a_handler_in_an_attribute()
    {
        foreach (var file in Files("*.razor", "*.cs"))
        {
            Assert.DoesNotMatch(@"MarkupString|AddMarkupContent|\bon[a-z]+=""|\sstyle=""", Read(file));
        }
    }

    [Fact]
    public void No_module_turns_a_string_into_markup_or_code_or_is_long_and_together_they_are_small()
    {
        var modules = Files("*.js");
        Assert.NotEmpty(modules);
        foreach (var file in modules)
        {
            Assert.DoesNotMatch(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|setHTMLUnsafe|\beval\b|\bFunction\(|setTimeout\(\s*[""'`]", Read(file));
            Assert.InRange(File.ReadAllLines(file).Length, 1, ModuleLinesMax);
        }

        Assert.InRange(modules.Sum(file => new FileInfo(file).Length), 1, ScriptBytesMax);
        Assert.InRange(Files("*.css").Sum(file => new FileInfo(file).Length), 1, StyleBytesMax);
    }

    [Fact]
    public void Nothing_is_named_from_outside()
    {
        foreach (var file in Files("*.js", "*.css"))
        {
            // A namespace is a name, and asks for nothing.
            Assert.DoesNotMatch(new Regex(@"https?://(?!www\.w3\.org/2000/svg)|@import|url\("), Read(file));
        }
    }

    private static string[] Files(params string[] patterns) => [.. patterns.SelectMany(pattern => Directory.EnumerateFiles(Page, pattern, SearchOption.AllDirectories))];

    private static string Read(string file) => File.ReadAllText(file);
}
