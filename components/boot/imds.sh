# shellcheck shell=bash
# The instance metadata service, version 2: `imds instance-id`. AWS_EC2_METADATA_SERVICE_ENDPOINT moves it, as in AWS's SDKs.
# Prints nothing and fails with curl's status where the path is not there. IMDS throttles, so what may pass is tried again:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html#instancedata-throttling
imds() {
  local endpoint=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254} token
  endpoint=${endpoint%/}
  token=$(curl --silent --fail --retry 3 --max-time 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$endpoint/latest/api/token") &&
    curl --silent --fail --retry 3 --max-time 5 -H "X-aws-ec2-metadata-token: $token" "$endpoint/latest/meta-data/$1"
}
