namespace Lethe.Proxy.Tests.Page;

/// <summary>Every view of the page, by name, on what a team has recorded.</summary>
internal static class PageViews
{
    public static async Task<IReadOnlyList<(string Name, string Path)>> OfAsync(RecordedTeam team, string? agent = null)
    {
        var session = await team.IdAsync(agent);
        var calls = (await team.GetAsync($"/v1/exchanges?limit=200&session={session}")).GetProperty("items");
        var prompt = (await team.GetAsync("/v1/prompts")).GetProperty("items")[0].GetProperty("hash").GetString();
        var call = calls[calls.GetArrayLength() - 1].GetProperty("exchange_id").GetString();
        return
        [
            ("live", "/"),
            ("sessions", "/sessions"),
            ("sessions-open", $"/sessions?open={await team.IdAsync()}"),
            ("prompts", "/prompts"),
            ("prompt", $"/prompts?a={prompt}&b={prompt}"),
            ("sessions-none", "/sessions?harness=codex"),
            ("session", $"/sessions/{session}"),
            ("said", $"/exchanges/{call}"),
            ("request", $"/exchanges/{call}?tab=request"),
            ("request-raw", $"/exchanges/{call}?tab=request&form=raw"),
            ("response", $"/exchanges/{call}?tab=response"),
            ("timing", $"/exchanges/{call}?tab=timing"),
            ("curl", $"/exchanges/{call}?tab=curl"),
            ("headers", $"/exchanges/{call}?tab=headers"),
            ("attempts", $"/exchanges/{call}?tab=attempts"),
            ("compare", $"/compare?a={calls[0].GetProperty("exchange_id").GetString()}&b={call}"),
            ("compare-split", $"/compare?a={calls[0].GetProperty("exchange_id").GetString()}&b={call}&view=split"),
            ("tool", "/tools?name=Task"),
            ("search", "/search?q=retr*"),
            ("search-empty", "/search"),
            ("costs", "/costs?by=model"),
            ("health", "/health"),
        ];
    }
}
