namespace Lethe.Proxy.Page.Frame;

/// <summary>The views that the top bar leads to.</summary>
public enum PageView
{
    Live,
    Sessions,
    Search,
    Costs,
    Prompts,
    Health,
}
