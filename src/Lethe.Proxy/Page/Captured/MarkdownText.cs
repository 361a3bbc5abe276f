using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace Lethe.Proxy.Page.Captured;

/// <summary>
/// What a model wrote, with its Markdown drawn as elements: the syntax tree is walked, and no HTML string is ever made. HTML in it stays text, no image is
/// loaded, and a link leads only to http, https or mail, with its host beside it where its words do not tell it.
/// </summary>
public sealed class MarkdownText : ComponentBase
{
    /// <summary>A longer text is shown as it is.</summary>
    private const int CharactersMax = 100_000;

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePreciseSourceLocation().Build();
    private static readonly string[] Schemes = ["http", "https", "mailto"];

    [Parameter]
    public string? Text { get; set; }

    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (Parse(Text ?? "") is { } document)
        {
            Blocks(builder, document);
        }
        else
        {
            Open(builder, "p", () => Plain(builder, Text ?? ""));
        }
    }

    private static MarkdownDocument? Parse(string text)
    {
        if (text.Length > CharactersMax)
        {
            return null;
        }

        try
        {
            return Markdown.Parse(text, Pipeline);
        }
        catch (ArgumentException)
        {
            // Nested deeper than the parser goes: nobody wrote that to be read.
            return null;
        }
    }

    private void Blocks(RenderTreeBuilder builder, ContainerBlock blocks)
    {
        foreach (var block in blocks)
        {
            switch (block)
            {
                case ParagraphBlock paragraph:
                    Open(builder, "p", () => Inlines(builder, paragraph.Inline));
                    break;
                case HeadingBlock heading:
                    // The page's own headings are its outline; what a model calls one is only strong.
                    Open(builder, "p", () => Open(builder, "strong", () => Inlines(builder, heading.Inline)));
                    break;
                case ListBlock list:
                    Open(builder, list.IsOrdered ? "ol" : "ul", () => Blocks(builder, list), "md");
                    break;
                case ListItemBlock item:
                    Open(builder, "li", () => Blocks(builder, item));
                    break;
                case QuoteBlock quote:
                    Open(builder, "blockquote", () => Blocks(builder, quote));
                    break;
                case CodeBlock code:
                    Open(builder, "pre", () => Plain(builder, code.Lines.ToString()), "md");
                    break;
                case ThematicBreakBlock:
                    Open(builder, "hr", () => { });
                    break;
                case LinkReferenceDefinitionGroup:
                    break;
                case ContainerBlock container:
                    Blocks(builder, container);
                    break;
                default:
                    Open(builder, "p", () => Plain(builder, Source(block.Span)));
                    break;
            }
        }
    }

    private void Inlines(RenderTreeBuilder builder, ContainerInline? inlines)
    {
        foreach (var inline in inlines ?? Enumerable.Empty<Inline>())
        {
            switch (inline)
            {
                case LiteralInline literal:
                    Plain(builder, literal.Content.ToString());
                    break;
                case CodeInline code:
                    Open(builder, "code", () => Plain(builder, code.Content));
                    break;
                case EmphasisInline emphasis:
                    Open(builder, emphasis.DelimiterCount > 1 ? "strong" : "em", () => Inlines(builder, emphasis));
                    break;
                case LineBreakInline:
                    builder.AddContent(0, "\n");
                    break;
                case LinkInline { IsImage: false } link when Address(link.Url) is { } address:
                    Link(builder, address, () => Inlines(builder, link), Source(link.Span).Contains(address.Host, StringComparison.OrdinalIgnoreCase) && Words(link).Contains(address.Host, StringComparison.OrdinalIgnoreCase));
                    break;
                case AutolinkInline auto when Address(auto.Url) is { } address:
                    Link(builder, address, () => Plain(builder, auto.Url), tellsHost: true);
                    break;
                case DelimiterInline delimiter:
                    // What opened something and was never closed is only a sign, and holds what follows.
                    Plain(builder, delimiter.ToLiteral());
                    Inlines(builder, delimiter);
                    break;
                default:
                    Plain(builder, Source(inline.Span));
                    break;
            }
        }
    }

    private static string Words(LinkInline link) => string.Concat(link.OfType<LiteralInline>().Select(literal => literal.Content.ToString()));

    private static void Link(RenderTreeBuilder builder, Uri address, Action words, bool tellsHost)
    {
        builder.OpenElement(0, "a");
        builder.AddAttribute(1, "href", address.AbsoluteUri);
        builder.AddAttribute(2, "rel", "noopener noreferrer nofollow");
        words();
        builder.CloseElement();
        if (!tellsHost)
        {
            Open(builder, "span", () => Plain(builder, $" ({(address.Host.Length > 0 ? address.Host : address.Scheme)})"), "dim");
        }
    }

    private static Uri? Address(string? text) =>
        Uri.TryCreate(text?.Trim(), UriKind.Absolute, out var address) && Schemes.Contains(address.Scheme, StringComparer.Ordinal) ? address : null;

    private string Source(SourceSpan span) => Text is { } text && span.Start >= 0 && span.End < text.Length && span.Length > 0 ? text.Substring(span.Start, span.Length) : "";

    private static void Plain(RenderTreeBuilder builder, string text)
    {
        builder.OpenComponent<CapturedText>(0);
        builder.AddComponentParameter(1, nameof(CapturedText.Text), text);
        builder.CloseComponent();
    }

    private static void Open(RenderTreeBuilder builder, string element, Action content, string? kind = null)
    {
        builder.OpenElement(0, element);
        if (kind is not null)
        {
            builder.AddAttribute(1, "class", kind);
        }

        content();
        builder.CloseElement();
    }
}
