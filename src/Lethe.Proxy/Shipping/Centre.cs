using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;
using Lethe.Proxy.Configuration;

namespace Lethe.Proxy.Shipping;

/// <summary>The lethe that calls are shipped to, by its ingest door.</summary>
internal sealed class Centre : IDisposable
{
    private const string Door = "/v1/ingest";

    /// <summary>Longer than the centre waits for its own store.</summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan RetryAfterMax = TimeSpan.FromMinutes(5);

    private readonly HttpClient http;
    private readonly string? tokenFile;
    private readonly TimeProvider time;

    public Centre(RemoteOptions options, TimeProvider time, HttpMessageHandler? handler = null)
    {
        this.time = time;
        tokenFile = options.TokenFile;
        http = new HttpClient(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(options.Address), Timeout = AnswerMax };
    }

    public Uri Address => http.BaseAddress!;

    /// <summary>What became of each there, in their order.</summary>
    /// <exception cref="StoreUnavailableException">The centre did not answer, or not with all of that: nothing is claimed of any.</exception>
    public IReadOnlyList<DeliveryResult> Ship(IReadOnlyList<ExchangeDelivery> deliveries)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Address.AbsolutePath.TrimEnd('/') + Door) { Content = Lines(deliveries) };
            request.Headers.Authorization = tokenFile is null ? null : new AuthenticationHeaderValue("Bearer", File.ReadAllText(tokenFile).Trim());
            using var response = http.Send(request, HttpCompletionOption.ResponseContentRead);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw Refused($"it answers {(int)response.StatusCode}.", After(response.Headers.RetryAfter), null);
            }

            using var answer = JsonDocument.Parse(response.Content.ReadAsStream());
            return Results(answer.RootElement, deliveries);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException or JsonException or UnauthorizedAccessException or FormatException)
        {
            throw Refused(fault.Message, null, fault);
        }
    }

    public void Dispose() => http.Dispose();

    private static ByteArrayContent Lines(IReadOnlyList<ExchangeDelivery> deliveries)
    {
        using var lines = new MemoryStream();
        foreach (var delivery in deliveries)
        {
            using (var json = new Utf8JsonWriter(lines))
            {
                ShippedCall.Write(json, delivery.Told.Exchange);
            }

            lines.WriteByte((byte)'\n');
        }

        var content = new ByteArrayContent(lines.GetBuffer(), 0, (int)lines.Length);
        content.Headers.ContentType = new MediaTypeHeaderValue(ShippedCall.MediaType);
        return content;
    }

    private DeliveryResult[] Results(JsonElement answer, IReadOnlyList<ExchangeDelivery> deliveries)
    {
        if (!answer.TryGetProperty("results", out var results) || results.ValueKind != JsonValueKind.Array || results.GetArrayLength() != deliveries.Count)
        {
            throw Refused("its answer does not tell of each call.", null, null);
        }

        return [.. results.EnumerateArray().Zip(deliveries, Result)];
    }

    private static DeliveryResult Result(JsonElement told, ExchangeDelivery delivery)
    {
        string? Text(string name) => told.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        var id = ExchangeId.TryParse(Text("exchange_id"), out var stored) ? stored : delivery.Told.Exchange.Id;
        return Text("status") switch
        {
            "accepted" => new DeliveryResult(DeliveryVerdict.Accepted, id, Text("session_id"), Text("code"), delivery.Told),
            "duplicate" => new DeliveryResult(DeliveryVerdict.Duplicate, id, Code: Text("code")),
            "conflict" => new DeliveryResult(DeliveryVerdict.Conflict, id, Code: Text("code")),
            "rejected" => new DeliveryResult(DeliveryVerdict.Rejected, id, Code: Text("code")),
            _ => throw new FormatException("A result without a status that is known."),
        };
    }

    private TimeSpan? After(RetryConditionHeaderValue? told)
    {
        var wait = told?.Delta ?? (told?.Date - time.GetUtcNow());
        return wait is not { } asked || asked <= TimeSpan.Zero ? null : asked < RetryAfterMax ? asked : RetryAfterMax;
    }

    private StoreUnavailableException Refused(string why, TimeSpan? retryAfter, Exception? cause) =>
        new($"The centre {Address}: {why}", cause ?? new HttpRequestException(why)) { IsPassing = true, RetryAfter = retryAfter };
}
