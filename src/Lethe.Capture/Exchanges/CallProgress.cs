namespace Lethe.Capture.Exchanges;

/// <summary>How far a call has come that is still open.</summary>
/// <param name="Age">Since its request's headers came.</param>
/// <param name="TimeToFirstByte">Null while nothing has come back.</param>
/// <param name="RequestBytes">Of the body on the wire, up to now; so are those of the response.</param>
public readonly record struct CallProgress(DateTimeOffset CapturedAt, TimeSpan Age, TimeSpan? TimeToFirstByte, int? Status, long RequestBytes, long ResponseBytes);
