using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace Lethe.Proxy.Page.Captured;

/// <summary>Captured text: what cannot be seen is shown by its code point, and no run turns the direction of another.</summary>
public sealed class CapturedText : ComponentBase
{
    [Parameter]
    public string? Text { get; set; }

    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.OpenElement(0, "bdi");
        builder.AddAttribute(1, "class", "cap");
        foreach (var run in TextRun.Of(Text ?? ""))
        {
            if (run.IsInvisible)
            {
                builder.OpenElement(2, "span");
                builder.AddAttribute(3, "class", "chip");
                builder.AddAttribute(4, "title", "an invisible character");
                builder.AddContent(5, run.Text);
                builder.CloseElement();
            }
            else
            {
                builder.AddContent(6, run.Text);
            }
        }

        builder.CloseElement();
    }
}
