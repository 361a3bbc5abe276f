using System.Text.Json.Nodes;

namespace Lethe.Proxy.Exec;

/// <summary>Asks a running lethe how far its store is behind its journal (<c>/readyz</c>, which needs no token).</summary>
/// <param name="admin">The admin listener's address.</param>
internal sealed class IngestLag(string admin) : IDisposable
{
    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false });

    /// <summary>False where it cannot say: a lethe that is not ready takes nothing in for now.</summary>
    public async Task<bool> IsBehindAsync(CancellationToken cancellation)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(admin + "/readyz"), cancellation);
            var state = answer.IsSuccessStatusCode ? JsonConfig.Parse(await answer.Content.ReadAsStringAsync(cancellation)) : null;
            return state?["lag_records"] is JsonValue records && records.TryGetValue<long>(out var behind) && behind > 0;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public void Dispose() => client.Dispose();
}
